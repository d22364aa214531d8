"""seccomp: system calls that a worker has no business with are refused by the kernel, with an error and not a kill.

A list of what is allowed: what honest code was seen to call (the reference, all right answers, threads, linear algebra, files,
clocks, the standard library), and what other versions of the C library and of Python call in its place. All else does not
exist (ENOSYS): the C library then falls back from clone3, openat2 and whatever is newer than this list to calls whose arguments
can be seen. What is known to be no business of a worker's is refused as such (EPERM). Tables for x86-64 and aarch64; numbers of
the other architecture and of x32 are refused altogether.
"""

import ctypes
import errno
import os
import struct

from grader.worker.inside import kernel

# name, number on x86-64, number on aarch64 ("-" where there is none)
_ALLOWED = """
read 0 63  write 1 64  close 3 57  close_range 436 436  lseek 8 62  pread64 17 67  pwrite64 18 68  readv 19 65
writev 20 66  preadv 295 69  pwritev 296 70  preadv2 327 286  pwritev2 328 287  sendfile 40 71
copy_file_range 326 285  fsync 74 82  fdatasync 75 83  dup 32 23  dup2 33 -  dup3 292 24  pipe 22 -  pipe2 293 59
umask 95 166  stat 4 -  fstat 5 80  lstat 6 -  newfstatat 262 79  statx 332 291  statfs 137 43  fstatfs 138 44
access 21 -  faccessat 269 48  faccessat2 439 439  readlink 89 -  readlinkat 267 78  getcwd 79 17  chdir 80 49
fchdir 81 50  getdents 78 -  getdents64 217 61  fadvise64 221 223
mmap 9 222  munmap 11 215  mprotect 10 226  mremap 25 216  madvise 28 233  brk 12 214  msync 26 227
membarrier 324 283
futex 202 98  futex_waitv 449 449  futex_wake 454 454  futex_wait 455 455  futex_requeue 456 456
set_robust_list 273 99  set_tid_address 218 96  rseq 334 293  gettid 186 178  arch_prctl 158 -  exit 60 93
exit_group 231 94  restart_syscall 219 128  sched_yield 24 124  getcpu 309 168  sched_getaffinity 204 123
sched_getparam 143 121  sched_getscheduler 145 120  sched_get_priority_max 146 125  sched_get_priority_min 147 126
sched_rr_get_interval 148 127  getpriority 140 141
clock_gettime 228 113  clock_getres 229 114  clock_nanosleep 230 115  nanosleep 35 101  gettimeofday 96 169
time 201 -  times 100 153  alarm 37 -  getitimer 36 102  setitimer 38 103
rt_sigaction 13 134  rt_sigprocmask 14 135  rt_sigreturn 15 139  rt_sigpending 127 136  rt_sigtimedwait 128 137
rt_sigsuspend 130 133  sigaltstack 131 132  pause 34 -
poll 7 -  ppoll 271 73  select 23 -  pselect6 270 72  epoll_create 213 -  epoll_create1 291 20  epoll_ctl 233 21
epoll_wait 232 -  epoll_pwait 281 22  epoll_pwait2 441 441  eventfd2 290 19
getpid 39 172  getppid 110 173  getuid 102 174  geteuid 107 175  getgid 104 176  getegid 108 177  getresuid 118 148
getresgid 120 150  getgroups 115 158  getpgid 121 155  getpgrp 111 -  getsid 124 156  uname 63 160  sysinfo 99 179
getrusage 98 165  getrlimit 97 163  getrandom 318 278  capget 125 90  wait4 61 260  waitid 247 95
sendto 44 206  recvfrom 45 207  shutdown 48 210  getsockname 51 204  getpeername 52 205  getsockopt 55 209
socketpair 53 199
"""
# Allowed for some arguments: `_rules`.
_LOOKED_AT = """
clone 56 220  kill 62 129  tgkill 234 131  prctl 157 167  prlimit64 302 261  ioctl 16 29  fcntl 72 25  open 2 -
openat 257 56
"""
# Left to Landlock; refused where there is none.
_WRITING = """
creat 85 -  mkdir 83 -  mkdirat 258 34  rmdir 84 -  unlink 87 -  unlinkat 263 35  rename 82 -  renameat 264 38
renameat2 316 276  link 86 -  linkat 265 37  symlink 88 -  symlinkat 266 36  fallocate 285 47  ftruncate 77 46
"""
_REFUSED = """
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
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_COLUMN = {"x86_64": 1, "aarch64": 2}
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_X32 = 0x40000000
_PID = 0xFFFFFFFF  # stands for the worker's own number in a template
_ARGUMENTS = range(16, 64, 8)  # offsets of the lower halves; where an argument is an int, the kernel looks at no more
_CLONE_THREAD = 0x10000
_CLONE_NAMESPACES = 0x7E020000
# GET_PDEATHSIG, GET_DUMPABLE, SET_NAME, GET_NAME, CAPBSET_READ, GET_NO_NEW_PRIVS, SVE_GET_VL, GET_TAGGED_ADDR_CTRL, SET_VMA
_PRCTL = (2, 3, 15, 16, 23, 39, 51, 56, 0x53564D41)
# TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX
_IOCTL = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5451, 0x5450)
_FCNTL = (0, 1030, 1, 2, 3)  # F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL
_F_SETFL, _O_ASYNC = 4, 0o20000
_OPEN_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_NEITHER = 3  # open for neither reading nor writing, which Landlock does not look at

_Line = tuple[int, int, int, int]  # code, lines to skip if so, lines to skip if not, constant
_YES: list[_Line] = [(_RETURN, 0, 0, _ALLOW)]


def _refuse(code: int = errno.EPERM) -> list[_Line]:
    return [(_RETURN, 0, 0, _ERRNO | code)]


def _load(argument: int) -> list[_Line]:
    return [(_LOAD, 0, 0, _ARGUMENTS[argument])]


def _if_equal(value: int, then: list[_Line]) -> list[_Line]:
    return [(_EQUAL, 0, len(then), value), *then]


def _if_any_bit(bits: int, then: list[_Line]) -> list[_Line]:
    return [(_ANY_BIT, 0, len(then), bits), *then]


def _only(argument: int, values: tuple[int, ...], code: int = errno.EPERM) -> list[_Line]:
    """Allowed for these values of one argument."""
    return [*_load(argument), *(line for value in values for line in _if_equal(value, _YES)), *_refuse(code)]


def _opening(argument: int, no_writes: bool) -> list[_Line]:
    """open and openat: which argument holds the flags.

    Landlock decides who may write, but before ABI 3 it does not see that a file which is opened to be read, or for neither, is
    emptied.
    """
    if no_writes:
        return [*_load(argument), *_if_any_bit(_OPEN_TO_WRITE, _refuse(errno.EACCES)), *_YES]
    refused = (_NEITHER, os.O_TRUNC, _NEITHER | os.O_TRUNC)
    looked_at: list[_Line] = [*_load(argument), (_AND, 0, 0, _NEITHER | os.O_TRUNC)]
    return [*looked_at, *(line for flags in refused for line in _if_equal(flags, _refuse(errno.EACCES))), *_YES]


def _rules(no_writes: bool) -> dict[str, list[_Line]]:
    """Name of a call -> what its arguments have to be; each list ends with a decision."""
    own = _only(0, (_PID,))  # abort() and raise() need signals to oneself
    third_is_null = [*_load(2), (_EQUAL, 0, 3, 0), (_LOAD, 0, 0, _ARGUMENTS[2] + 4), (_EQUAL, 0, 1, 0)]
    return {
        # A process may start threads, but no other process.
        "clone": [
            *_load(0), *_if_any_bit(_CLONE_NAMESPACES, _refuse()), *_if_any_bit(_CLONE_THREAD, _YES), *_refuse()
        ],
        "kill": own,
        "tgkill": own,
        "prctl": _only(0, _PRCTL),
        "ioctl": _only(1, _IOCTL, errno.ENOTTY),
        # Others have the kernel signal to other processes, or lend and lock files.
        "fcntl": [
            *_load(1),
            *_if_equal(_F_SETFL, [*_load(2), *_if_any_bit(_O_ASYNC, _refuse()), *_YES]),
            *_only(1, _FCNTL),
        ],
        # Limits may be looked at, not set: the third argument is a pointer to the new ones.
        "prlimit64": [*third_is_null, *_YES, *_refuse()],
        "open": _opening(1, no_writes),
        "openat": _opening(2, no_writes),
    }  # fmt: skip


class Filter:
    """The program, made once; a worker fills in its own process number and installs it.

    no_writes : also refuse to open files for writing, for where Landlock does not
    machine   : "x86_64" or "aarch64"
    """

    def __init__(self, no_writes: bool = False, machine: str = kernel.MACHINE):
        if not kernel.LINUX or machine not in _COLUMN:
            raise OSError("no table of system calls for this machine")
        writing = _numbers(_WRITING, machine)
        self.looked_at = _numbers(_LOOKED_AT, machine)
        self.allowed = _numbers(_ALLOWED, machine) | ({} if no_writes else writing)
        self.refused = _numbers(_REFUSED, machine) | (writing if no_writes else {})
        self.count = len(self.allowed) + len(self.looked_at)
        self.program = self._build(_rules(no_writes), machine)
        self._code = bytearray(b"".join(struct.pack("<HBBI", *line) for line in self.program))
        self._pids = [8 * i + 4 for i, line in enumerate(self.program) if line[0] == _EQUAL and line[3] == _PID]

    def _build(self, rules: dict[str, list[_Line]], machine: str) -> list[_Line]:
        program: list[_Line] = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _ARCH[machine]), *_refuse(), (_LOAD, 0, 0, 0)]
        if machine == "x86_64":
            program += [(_AT_LEAST, 0, 1, _X32), *_refuse()]
        for name, number in self.looked_at.items():
            program += _if_equal(number, rules[name])
        # Runs of numbers that are decided alike, from the highest down. Since Linux 5.11 the kernel remembers which calls are
        # always allowed.
        decisions = dict.fromkeys(self.allowed.values(), _YES) | dict.fromkeys(self.refused.values(), _refuse())
        runs: list[tuple[int, list[_Line]]] = []
        for number in range(max(decisions) + 2):
            decision = decisions.get(number, _refuse(errno.ENOSYS))
            if not runs or decision != runs[-1][1]:
                runs.append((number, decision))
        for first, decision in reversed(runs[1:]):
            program += [(_AT_LEAST, 0, 1, first), *decision]
        return program + runs[0][1]

    def install(self) -> None:
        """Put this process under the filter; needs no_new_privs. Raises OSError."""
        for offset in self._pids:
            struct.pack_into("<I", self._code, offset, os.getpid())
        code = ctypes.create_string_buffer(bytes(self._code))
        program = struct.pack("@HP", len(self.program), ctypes.addressof(code))
        kernel.call(_SECCOMP[kernel.MACHINE], ctypes.c_uint(1), ctypes.c_uint(0), ctypes.c_char_p(program))


def _numbers(table: str, machine: str) -> dict[str, int]:
    words = table.split()
    column = _COLUMN[machine]
    rows = [words[i : i + 3] for i in range(0, len(words), 3)]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
