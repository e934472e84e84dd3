#: exit: 2
# argparse without the arguments it wants: the name in the usage line is that of the script
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("needed")
parser.parse_args()
