"""Reading what people upload: no Django here, so that it runs in a bare process."""
