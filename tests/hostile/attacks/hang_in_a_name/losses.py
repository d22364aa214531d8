def __getattr__(name):
    while True:
        pass
