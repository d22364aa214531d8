"""seccomp: system calls that a worker has no business with are refused by the kernel, with an error and not a kill.

A list of what is denied, not of what is allowed: the latter breaks with every new C library, Python and NumPy. Tables for
x86-64 and aarch64; numbers of the other architecture and of x32 are refused altogether.
"""

import ctypes
import errno
import os
import struct

from grader.worker.inside import kernel

# name, number on x86-64, number on aarch64 ("-" where there is none)
_DENIED = """
fork 57 -  vfork 58 -  execve 59 221  execveat 322 281
tkill 200 130  rt_sigqueueinfo 129 138  rt_tgsigqueueinfo 297 240
pidfd_send_signal 424 424  pidfd_open 434 434  pidfd_getfd 438 438
ptrace 101 117  process_vm_readv 310 270  process_vm_writev 311 271  process_madvise 440 440  process_mrelease 448 448
kcmp 312 272  perf_event_open 298 241  bpf 321 280  userfaultfd 323 282
io_uring_setup 425 425  io_uring_enter 426 426  io_uring_register 427 427
socket 41 198  connect 42 203  bind 49 200  listen 50 201  accept 43 202  accept4 288 242
sendmsg 46 211  sendmmsg 307 269  recvmsg 47 212  recvmmsg 299 243
unshare 272 97  setns 308 268  mount 165 40  umount2 166 39  pivot_root 155 41  chroot 161 51
move_mount 429 429  open_tree 428 428  fsopen 430 430  fsconfig 431 431  fsmount 432 432  fspick 433 433
mount_setattr 442 442  open_tree_attr 467 467  swapon 167 224  swapoff 168 225
add_key 248 217  request_key 249 218  keyctl 250 219
chmod 90 -  fchmod 91 52  fchmodat 268 53  fchmodat2 452 452  chown 92 -  lchown 94 -  fchown 93 55  fchownat 260 54
setxattr 188 5  lsetxattr 189 6  fsetxattr 190 7  removexattr 197 14  lremovexattr 198 15  fremovexattr 199 16
setxattrat 463 463  removexattrat 466 466
utime 132 -  utimes 235 -  utimensat 280 88  futimesat 261 -  truncate 76 45  mknod 133 -  mknodat 259 33
shmget 29 194  shmat 30 196  shmctl 31 195  msgget 68 186  msgsnd 69 189  msgrcv 70 188  msgctl 71 187
semget 64 190  semop 65 193  semctl 66 191  semtimedop 220 192
mq_open 240 180  mq_unlink 241 181  mq_timedsend 242 182  mq_timedreceive 243 183  mq_notify 244 184
memfd_create 319 279  memfd_secret 447 447
setrlimit 160 164  setsid 112 157  setpgid 109 154  personality 135 92
setuid 105 146  setgid 106 144  setreuid 113 145  setregid 114 143  setresuid 117 147  setresgid 119 149
setgroups 116 159  setfsuid 122 151  setfsgid 123 152  capset 126 91
sched_setscheduler 144 119  sched_setparam 142 118  sched_setattr 314 274  sched_setaffinity 203 122
setpriority 141 140  ioprio_set 251 30
init_module 175 105  finit_module 313 273  delete_module 176 106  kexec_load 246 104  kexec_file_load 320 294
reboot 169 142  syslog 103 116  acct 163 89  quotactl 179 60  quotactl_fd 443 443  lookup_dcookie 212 18  vhangup 153 58
iopl 172 -  ioperm 173 -  modify_ldt 154 -
clock_settime 227 112  clock_adjtime 305 266  settimeofday 164 170  adjtimex 159 171
sethostname 170 161  setdomainname 171 162  name_to_handle_at 303 264  open_by_handle_at 304 265
fanotify_init 300 262  fanotify_mark 301 263  inotify_init 253 -  inotify_init1 294 26  inotify_add_watch 254 27
"""
# Denied as well where Landlock does not keep files from being written.
_WRITING = """
creat 85 -  mkdir 83 -  mkdirat 258 34  rmdir 84 -  unlink 87 -  unlinkat 263 35  rename 82 -  renameat 264 38
renameat2 316 276  link 86 -  linkat 265 37  symlink 88 -  symlinkat 266 36  fallocate 285 47  ftruncate 77 46
"""
# Looked at more closely.
_SPECIAL = """
clone 56 220  clone3 435 435  kill 62 129  tgkill 234 131  prctl 157 167  prlimit64 302 261  ioctl 16 29
open 2 -  openat 257 56  openat2 437 437  seccomp 317 277
"""
_COLUMN = {"x86_64": 1, "aarch64": 2}
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_X32 = 0x40000000
_PID = 0xFFFFFFFF  # stands for the worker's own number in a template
_CLONE_THREAD = 0x10000
_PRCTL_DENIED = (1, 4, 35, 36, 59, 0x59616D61)  # PDEATHSIG, DUMPABLE, MM, SUBREAPER, SYSCALL_USER_DISPATCH, PTRACER
_IOCTL_DENIED = (0x5412, 0x541C)  # pushing characters into a terminal
_OPEN_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def _numbers(table: str) -> dict[str, int]:
    words = table.split()
    column = _COLUMN[kernel.MACHINE]
    rows = [words[i : i + 3] for i in range(0, len(words), 3)]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


class Filter:
    """The program, made once; a worker fills in its own process number and installs it.

    no_writes : also refuse to open files for writing, for where Landlock does not
    """

    def __init__(self, no_writes: bool = False):
        if not kernel.LINUX or kernel.MACHINE not in _COLUMN:
            raise OSError("no table of system calls for this machine")
        self._program: list[tuple[int, int, int, int]] = []
        denied = set(_numbers(_DENIED).values()) | (set(_numbers(_WRITING).values()) if no_writes else set())
        self.count = len(denied)
        self._build(denied, no_writes)
        self._code = bytearray(b"".join(struct.pack("<HBBI", *line) for line in self._program))
        self._pids = [8 * i + 4 for i, line in enumerate(self._program) if line[0] == _EQUAL and line[3] == _PID]

    def _add(self, code: int, k: int, yes: int = 0, no: int = 0) -> None:
        self._program.append((code, yes, no, k))

    def _refuse(self, code: int = errno.EPERM) -> None:
        self._add(_RETURN, _ERRNO | code)

    def _build(self, denied: set[int], no_writes: bool) -> None:
        number = _numbers(_SPECIAL)
        self._add(_LOAD, 4)
        self._add(_EQUAL, _ARCH[kernel.MACHINE], 1, 0)
        self._refuse()
        self._add(_LOAD, 0)
        if kernel.MACHINE == "x86_64":
            self._add(_AT_LEAST, _X32, 0, 1)
            self._refuse()
        # Linear, two lines each: since Linux 5.11 the kernel remembers which calls are always allowed.
        for call in sorted(denied):
            self._add(_EQUAL, call, 0, 1)
            self._refuse()
        # ENOSYS: the C library then falls back to calls whose arguments can be seen.
        for name in ("clone3", "openat2"):
            self._add(_EQUAL, number[name], 0, 1)
            self._refuse(errno.ENOSYS)
        # Threads of one's own are allowed, processes are not.
        self._add(_EQUAL, number["clone"], 0, 4)
        self._add(_LOAD, 16)
        self._add(_ANY_BIT, _CLONE_THREAD, 1, 0)
        self._refuse()
        self._add(_RETURN, _ALLOW)
        # Signals to oneself: abort() and raise() need them.
        for name in ("kill", "tgkill"):
            self._add(_EQUAL, number[name], 0, 4)
            self._add(_LOAD, 16)
            self._add(_EQUAL, _PID, 1, 0)
            self._refuse()
            self._add(_RETURN, _ALLOW)
        self._argument(number["prctl"], 16, _PRCTL_DENIED)
        self._argument(number["ioctl"], 24, _IOCTL_DENIED)
        # prlimit64 may look at limits, not set them: its third argument is a pointer to the new ones.
        self._add(_EQUAL, number["prlimit64"], 0, 6)
        self._add(_LOAD, 32)
        self._add(_EQUAL, 0, 0, 3)
        self._add(_LOAD, 36)
        self._add(_EQUAL, 0, 0, 1)
        self._add(_RETURN, _ALLOW)
        self._refuse()
        if no_writes:
            for name, offset in (("open", 24), ("openat", 32)):
                if name in number:
                    self._add(_EQUAL, number[name], 0, 4)
                    self._add(_LOAD, offset)
                    self._add(_ANY_BIT, _OPEN_TO_WRITE, 0, 1)
                    self._refuse(errno.EACCES)
                    self._add(_RETURN, _ALLOW)
        self._add(_RETURN, _ALLOW)

    def _argument(self, call: int, offset: int, refused: tuple[int, ...]) -> None:
        """Refuse a call for some values of one argument."""
        self._add(_EQUAL, call, 0, 2 + 2 * len(refused))
        self._add(_LOAD, offset)
        for value in refused:
            self._add(_EQUAL, value, 0, 1)
            self._refuse()
        self._add(_RETURN, _ALLOW)

    def install(self) -> None:
        """Put this process under the filter; needs no_new_privs.

        raises : OSError
        """
        for offset in self._pids:
            struct.pack_into("<I", self._code, offset, os.getpid())
        code = ctypes.create_string_buffer(bytes(self._code))
        program = struct.pack("@HP", len(self._program), ctypes.addressof(code))
        kernel.call(_numbers(_SPECIAL)["seccomp"], ctypes.c_uint(1), ctypes.c_uint(0), ctypes.c_char_p(program))
