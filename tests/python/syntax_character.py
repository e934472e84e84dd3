#: exit: 1
# A character that Python does not have
price = 5 € 3
