"""What does the board look like, over an operator at work?"""
