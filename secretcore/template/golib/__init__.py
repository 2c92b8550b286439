"""What the Go libraries behind the template functions do, over plain str, bytes and numbers; taken by
functions/.
"""
