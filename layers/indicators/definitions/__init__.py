"""What an indicator is: read from data, decided for children, put into words, made anew.

The product's own definitions are the files of `layers.indicators.catalogue`.
"""
