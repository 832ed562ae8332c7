"""What does the operator cost, beside a bare script that makes the same calls?"""
