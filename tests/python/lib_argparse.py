#: exit: 2
#: args: --level 3 -v -vv --name=é input.txt extra1 extra2 --flag --choice blue
# argparse: what is parsed, help, and a usage error that ends the script with 2
import argparse
import sys

parser = argparse.ArgumentParser(description="Does something.", epilog="The end.")
parser.add_argument("file", help="the file")
parser.add_argument("rest", nargs="*", type=str.upper)
parser.add_argument("-l", "--level", type=int, default=1, metavar="N", help="how much (default: %(default)s)")
parser.add_argument("-v", action="count", default=0)
parser.add_argument("--name", default="x")
parser.add_argument("--flag", action=argparse.BooleanOptionalAction)
parser.add_argument("--choice", choices=["red", "blue"])
group = parser.add_mutually_exclusive_group()
group.add_argument("--one", action="store_true")
group.add_argument("--two", action="store_const", const=2)
print(parser.parse_args())
print(parser.parse_known_args(["a", "b", "--unknown"]))
parser.print_help()
parser.print_usage(sys.stderr)
commands = argparse.ArgumentParser(prog="tool", exit_on_error=False)
sub = commands.add_subparsers(dest="command", required=True)
add = sub.add_parser("add", aliases=["a"])
add.add_argument("numbers", nargs="+", type=float)
add.set_defaults(function=sum)
parsed = commands.parse_args(["a", "1", "2.5"])
print(parsed.command, parsed.function(parsed.numbers))
try:
    commands.parse_args(["add", "x"])
except (argparse.ArgumentError, SystemExit) as error:
    print(type(error).__name__, error)
for wrong in (["a", "--help-me"], ["a", "--one", "--two"]):
    try:
        parser.parse_args(wrong)
    except SystemExit as error:
        print("code", error.code)
try:
    parser.parse_args(["-h"])
except SystemExit as error:
    print("code", error.code)
parser.parse_args(["a", "--level", "high"])
