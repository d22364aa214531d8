"""The filter decides as its tables say, on both machines (its program is run here, line by line), and in a real worker."""

import errno
import os
import re
from pathlib import Path

import pytest

from grader.paths import ROOT
from grader.worker.inside import kernel, seccomp
from grader.worker.outside import errors

pytestmark = pytest.mark.skipif(not kernel.LINUX, reason="seccomp is Linux's")

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED = "allowed"
PID = 4_000_001
HIGH = 1 << 32
machines = pytest.mark.parametrize("machine", MACHINES)


def decision(program, number, *arguments, arch):
    """What the kernel would do: "allowed", or the number of the error."""
    data = number.to_bytes(4, "little") + arch.to_bytes(4, "little") + bytes(8)
    data += b"".join(value.to_bytes(8, "little") for value in (*arguments, 0, 0, 0, 0, 0, 0)[:6])
    at = value = 0
    while True:
        code, yes, no, constant = program[at]
        constant = PID if constant == 0xFFFFFFFF else constant
        at += 1
        match code:
            case 0x20:
                value = int.from_bytes(data[constant : constant + 4], "little")
            case 0x54:
                value &= constant
            case 0x06:
                return ALLOWED if constant == 0x7FFF0000 else constant - 0x50000
            case 0x15 | 0x35 | 0x45:
                held = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}[code]
                at += yes if held else no
            case _:
                raise AssertionError(f"no such instruction: {code:#x}")


def asked(machine, name, *arguments, no_writes=False):
    made = seccomp.Filter(no_writes, machine)
    return decision(made.program, made.looked_at[name], *arguments, arch=MACHINES[machine])


@machines
@pytest.mark.parametrize("no_writes", [False, True])
def test_every_number_is_decided_as_the_tables_say(machine, no_writes):
    made = seccomp.Filter(no_writes, machine)
    assert len(made.program) < 4096
    assert all(at + 1 + max(line[1:3]) < len(made.program) for at, line in enumerate(made.program) if line[0] & 7 == 5)
    allowed, refused = set(made.allowed.values()), set(made.refused.values())
    assert len(allowed) + len(refused) + len(made.looked_at) == len({*allowed, *refused, *made.looked_at.values()})
    for number in {*range(700), 5000, 0x3FFFFFFF} - set(made.looked_at.values()):
        wanted = ALLOWED if number in allowed else errno.EPERM if number in refused else errno.ENOSYS
        assert decision(made.program, number, arch=MACHINES[machine]) == wanted, number


@machines
def test_numbers_of_other_architectures_are_refused(machine):
    made = seccomp.Filter(machine=machine)
    for other in {*MACHINES.values(), 0x40000003} - {MACHINES[machine]}:  # the last is x86 with 32 bits
        assert decision(made.program, made.allowed["read"], arch=other) == errno.EPERM
    if machine == "x86_64":
        assert decision(made.program, 0x40000000 + made.allowed["read"], arch=MACHINES[machine]) == errno.EPERM


@machines
@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        *[("fcntl", (5, command, 7), ALLOWED) for command in (0, 1, 2, 3, 1030)],
        # F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY, F_SETLK, F_OFD_SETLK, F_SETPIPE_SZ, F_ADD_SEALS
        *[("fcntl", (5, command, 7), errno.EPERM) for command in (8, 10, 15, 1024, 1026, 6, 37, 1031, 1033)],
        ("fcntl", (5, HIGH + 8, 7), errno.EPERM),
        ("fcntl", (5, 4, os.O_NONBLOCK), ALLOWED),
        ("fcntl", (5, 4, os.O_NONBLOCK | 0o20000), errno.EPERM),
        ("fcntl", (5, HIGH + 4, HIGH + 0o20000), errno.EPERM),
        *[("ioctl", (5, r, 7), ALLOWED) for r in (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)],
        # FIOSETOWN, SIOCSPGRP, FIOASYNC, TIOCSTI, TIOCLINUX, FS_IOC_SETFLAGS (both), FS_IOC_FSSETXATTR, FS_IOC_ENABLE_VERITY
        *[("ioctl", (5, r, 7), errno.ENOTTY) for r in (0x8901, 0x8902, 0x5452, 0x5412, 0x541C, 0x40086602, 0x40046602)],
        *[("ioctl", (5, r, 7), errno.ENOTTY) for r in (0x401C5820, 0x40806685, HIGH + 0x8901)],
        ("clone", (0x3D0F00,), ALLOWED),  # as the C library starts a thread
        ("clone", (17,), errno.EPERM),
        ("clone", (0x4111,), errno.EPERM),
        ("clone", (0x3D0F00 | 0x10000000,), errno.EPERM),
        ("kill", (PID, 9), ALLOWED),
        *[("kill", (pid, 9), errno.EPERM) for pid in (PID + 1, 0, 1, 0xFFFFFFFF)],
        ("tgkill", (PID, PID + 5, 6), ALLOWED),
        ("tgkill", (PID + 1, PID, 6), errno.EPERM),
        *[("prctl", (option, 1), ALLOWED) for option in (3, 15, 16, 23, 39, 0x53564D41)],
        *[("prctl", (option, 1), errno.EPERM) for option in (1, 4, 22, 35, 36, 59, 0x59616D61)],
        ("prlimit64", (0, 9, 0, 99), ALLOWED),
        ("prlimit64", (0, 9, 8, 0), errno.EPERM),
        ("prlimit64", (0, 9, HIGH, 0), errno.EPERM),
    ],
)  # fmt: skip
def test_arguments_are_looked_at(machine, name, arguments, wanted):
    assert asked(machine, name, *arguments) == wanted


@machines
def test_a_file_is_opened_to_be_read_and_not_emptied_by_that(machine):
    emptied_unseen = {os.O_TRUNC, os.O_TRUNC | 3, 3, os.O_TRUNC | os.O_CLOEXEC}
    landlocks = {os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, os.O_RDWR | os.O_TRUNC, os.O_CREAT}
    for flags in (*emptied_unseen, *landlocks, os.O_RDONLY, os.O_CLOEXEC | os.O_DIRECTORY):
        wanted = errno.EACCES if flags in emptied_unseen else ALLOWED
        without = errno.EACCES if flags in emptied_unseen | landlocks else ALLOWED
        assert asked(machine, "openat", 5, 7, flags) == wanted
        assert asked(machine, "openat", 5, 7, flags, no_writes=True) == without
        if machine == "x86_64":
            assert asked(machine, "open", 7, flags) == wanted
            assert asked(machine, "open", 7, flags, no_writes=True) == without


@pytest.mark.parametrize(
    ("machine", "header"), [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")]
)
def test_the_numbers_are_the_kernels(machine, header):
    path = Path("/usr/include") / header
    if not path.exists():
        pytest.skip("the kernel's headers are not installed")
    found = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", path.read_text()))
    found["newfstatat"] = found.get("newfstatat", found.get("fstatat"))
    made = seccomp.Filter(machine=machine)
    tables = made.allowed | made.refused | made.looked_at
    assert {name: number for name, number in tables.items() if int(found.get(name, number)) != number} == {}
    assert len(set(tables) & set(found)) > len(tables) - 12  # the rest is newer than the headers


def test_the_page_on_security_says_how_many_calls_are_allowed():
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    said = re.search(r"\| (\d+) system calls are allowed .*?, (\d+) of them for some arguments", text)
    made = seccomp.Filter(machine="x86_64")
    assert said is not None
    assert [int(number) for number in said.groups()] == [made.count, len(made.looked_at)]


def test_in_a_worker_no_other_call_gets_through(ask):
    made = seccomp.Filter()
    uprobes = {335, 336}  # the kernel's own, which no filter sees: from elsewhere they end the caller
    others = sorted({*range(600)} - uprobes - set(made.allowed.values()) - set(made.looked_at.values()))
    body = """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    done = {}
    for number in args[0]:
        result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        done[number] = ctypes.get_errno() if result == -1 else 0
    return done
    """
    refused = set(made.refused.values())
    assert ask(body, others) == {number: errno.EPERM if number in refused else errno.ENOSYS for number in others}


@pytest.mark.parametrize(
    "body",
    [
        "import fcntl, os; fcntl.fcntl(os.open('/dev/null', os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        "import fcntl, os; fcntl.flock(os.open('/dev/null', os.O_RDONLY), fcntl.LOCK_SH)",
        "import fcntl, os; fcntl.lockf(os.open('/dev/null', os.O_RDWR), fcntl.LOCK_EX)",
        "import fcntl, os; fcntl.ioctl(os.open('/dev/null', os.O_RDONLY), 0x40086602, bytes(8))",
        "import os; os.open('/dev/null', os.O_RDONLY | os.O_TRUNC)",
        "import os; os.open('/dev/null', 3)",
    ],
)
def test_what_is_refused_is_an_ordinary_error(ask, body):
    with pytest.raises(errors.StudentError, match=r"PermissionError|OSError: \[Errno (25|38)\]"):
        ask(body)


def test_what_honest_code_calls_is_allowed(ask):
    body = """
    import asyncio, faulthandler, mmap, os, select, signal, socket, time
    import numpy as np
    async def later():
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(lambda: 3)
    memory = mmap.mmap(-1, 1 << 16)
    memory.resize(1 << 17)
    read, write = os.pipe()
    os.set_blocking(read, False)
    waiting = select.epoll()
    waiting.register(read)
    os.write(write, b"x")
    rang = []
    signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    while not rang:
        time.sleep(0.001)
    a = np.random.default_rng(0).normal(size=(60, 60))
    np.linalg.svd(a), np.linalg.eig(a), np.fft.fft(a)
    one, other = socket.socketpair()
    one.sendall(b"y")
    faulthandler.enable()
    faulthandler.disable()
    return asyncio.run(later()), len(waiting.poll(1)), other.recv(1), os.getloadavg()[0] >= 0, len(os.urandom(3))
    """
    assert ask(body) == (3, 1, b"y", True, 3)
