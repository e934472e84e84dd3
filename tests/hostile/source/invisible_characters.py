#: what: Hides code with marks that change the direction of writing and letters that look alike.
#: expect: exited 1
#: stderr: NameError
admin = False
if not admin:  #‮ ⁦ return; ⁩ ⁦ only for administrators
    аdmin = True  # the first letter is Cyrillic
assert not admin
ﬁle = 1
print(file, undefined)
