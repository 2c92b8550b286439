"""What every AWS service here shares: where its endpoint is, who asks, how a call is made, and what an error means.

`providers/aws` builds on it; a generator of AWS credentials would as well.
"""
