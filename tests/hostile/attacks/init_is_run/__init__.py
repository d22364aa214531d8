import sys

print("HOSTILE" "-LEAK")
sys.exit(0)
