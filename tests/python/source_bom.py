# A byte order mark before the text
print("café", __file__)
