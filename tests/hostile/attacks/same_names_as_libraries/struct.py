print("HOSTILE" "-LEAK")
