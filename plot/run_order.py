NAME="run_order"
NEEDS=""
OF_COMPARISON=True
def pictures(r,c):
    return []
