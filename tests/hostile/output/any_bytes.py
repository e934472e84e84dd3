#: what: Writes every byte, bad UTF-8 and terminal control sequences.
#: expect: exited 0
#: stdout: the end
import sys

sys.stdout.buffer.write(bytes(range(256)) * 10)
sys.stdout.buffer.write(b"\x1b]0;title\x07\x1b[2J\xff\xfe\xed\xa0\x80\xf4\x90\x80\x80\r\n")
sys.stderr.buffer.write(b"\x00" * 1000)
print("the end")
