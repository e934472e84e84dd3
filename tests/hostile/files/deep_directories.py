#: what: Makes directories inside each other until a path is longer than any path may be, asks where it is and walks back.
#: expect: exited 0
#: stdout: contained
#: timeout: 10
import os
import shutil

depth = 20_000
os.mkdir("deep"), os.chdir("deep")
for _ in range(depth):
    os.mkdir("d"), os.chdir("d")
assert os.getcwd() == "/home/user/deep" + "/d" * depth
for _ in range(depth):
    os.chdir("..")
assert os.getcwd() == "/home/user/deep"
try:
    open("d/" * depth + "x")
except OSError:
    pass
try:
    shutil.rmtree("d")
except (OSError, RecursionError):
    pass
print("contained")
