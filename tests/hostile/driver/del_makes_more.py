#: what: Makes two new objects with finalizers in every finalizer, while the script ends.
#: expect: exited 0
#: timeout: 1
class Hydra:
    def __del__(self):
        global head
        head = [Hydra(), Hydra()]
        heads.extend(head)


heads = [Hydra()]
