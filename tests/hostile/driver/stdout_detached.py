#: what: Detaches the streams from their buffers and those from their files.
#: expect: exited 120
import sys

sys.stdout.detach().detach()
sys.stderr.detach().detach()
sys.stdin.detach().detach()
