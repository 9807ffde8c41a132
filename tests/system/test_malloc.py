"""The setting is taken where the C library is glibc, and refused quietly elsewhere."""

import platform
import sys

from ebm.system.malloc import keep_freed_memory


def test_it_says_whether_the_c_library_took_the_setting(monkeypatch):
    assert keep_freed_memory() is (sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc")
    monkeypatch.setattr(sys, "platform", "win32")
    assert keep_freed_memory() is False
