"""Runs one program and reports its end. It is the first process in the sandbox.

It reads one line of JSON from standard input: {"token", "program", "input"}. The
report goes to descriptor 3: lines of JSON with the token, one when the program begins
and one with how it ended.
"""
import io
import json
import os
import sys


def main():
    task = json.loads(sys.stdin.buffer.readline())
    sys.stdin = io.TextIOWrapper(io.BytesIO(task.get("input", "").encode()))
    # Children of the program do not inherit the report.
    fd = os.dup(3)
    os.close(3)
    os.set_inheritable(fd, False)
    os.chdir("/tmp")

    def report(end, reason="", token=task["token"], write=os.write, dumps=json.dumps):
        write(fd, (dumps({"token": token, "end": end, "reason": reason[:500]}) + "\n").encode())

    report("begin")
    space = {"__name__": "__main__", "__builtins__": __builtins__}
    owner = os.getpid()
    try:
        exec(compile(task["program"], "program.py", "exec"), space)
    except MemoryError:
        space.clear()
        end, reason = "memory", "MemoryError"
    except SystemExit as e:
        end, reason = "exit", "it exited with %r" % (e.code,)
    except BaseException as e:
        end, reason = "exception", type(e).__name__ + (": " + str(e) if str(e) else "")
        try:
            sys.excepthook(type(e), e, e.__traceback__.tb_next)
        except BaseException:
            pass
    else:
        end, reason = "end", ""
    if os.getpid() != owner:
        os._exit(0)  # a child of the program has no say
    try:
        sys.stdout.flush()
    except BaseException:
        pass
    report(end, reason)
    os._exit(0 if end == "end" else 1)


main()
