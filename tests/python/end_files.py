# A file that the script never closed is flushed when it goes; ResourceWarning stays silent by default
import os

def write():
    file = open("left-open.txt", "w")
    file.write("content")

write()
print(open("left-open.txt").read(), os.listdir() == ["left-open.txt"] or sorted(os.listdir()))
