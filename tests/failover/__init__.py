"""Does a change of leader lose or double anything, with many robots and edits all the time?"""
