#: what: Moves directories into themselves, removes the one it stands in, and links directories.
#: expect: exited 0
#: stdout: contained
import os

os.makedirs("a/b/c")
for use in (
    lambda: os.rename("a", "a/b/c/a"),
    lambda: os.rename("a", "a/b"),
    lambda: os.rename("a/b/c", "a"),
    lambda: os.link("a", "hard"),
    lambda: os.rmdir("a"),
    lambda: os.rename("a/b/c/..", "x"),
    lambda: os.rename("a/b/c", "a/b/c/."),
    lambda: os.rmdir("a/b/c/."),
    lambda: os.unlink("a"),
):
    try:
        use()
    except OSError:
        continue
    raise SystemExit("went through")
os.chdir("a/b/c")
os.rmdir("/home/user/a/b/c"), os.rmdir("/home/user/a/b"), os.rmdir("/home/user/a")
for use in (os.getcwd, os.listdir, lambda: open("x", "w"), lambda: os.mkdir("x"), lambda: os.symlink("x", "y")):
    try:
        use()
    except OSError:
        continue
    raise SystemExit("works in a directory that is gone")
os.chdir("..")
print("contained")
