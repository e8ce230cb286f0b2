"""The toolkit in a browser, on this machine alone: what ``facelab page`` serves.

    server -> guard -> app -> session -> recipe.runner

`guard` lets in who has the address, `app` says which request does what, `session` holds the
photographs and what has been worked out of them; what the page shows is in the folder ``static``.
"""
