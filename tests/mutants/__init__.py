"""Small changes of the rules, one at a time: does a test of the rules notice each?"""
