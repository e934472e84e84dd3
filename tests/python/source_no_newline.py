# No newline at the end of the last line
if True:
    print("end")