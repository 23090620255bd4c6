"""Runs programs one at a time and says what each took; a process of its own, because it must be small.

The kernel counts what stood in memory before a child's exec() towards the child's peak (ru_maxrss), so
a benchmark that has loaded anything would report itself. One request a line on stdin, its parts parted
by NUL: directory, file for stdin, file for stdout, program, arguments. One answer a line: exit code,
wall seconds, CPU seconds, peak memory in KiB; of the program and the children that it waited for.
"""

import os
import sys
from time import perf_counter

FORGET = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

for line in sys.stdin:
    directory, stdin, stdout, *argv = line.rstrip("\n").split("\0")
    os.chdir(directory)
    files = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, stdout, FORGET, 0o644)]
    start = perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
    _, status, used = os.wait4(pid, 0)
    wall = perf_counter() - start
    cpu = used.ru_utime + used.ru_stime
    sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {wall} {cpu} {used.ru_maxrss}\n")
    sys.stdout.flush()
