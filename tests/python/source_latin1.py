# -*- coding: latin-1 -*-
# A coding cookie: the string below is the single byte E9.
print("café", len("é"), ascii("é"))
