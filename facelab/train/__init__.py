"""Training of position-map networks on photographs; beside `facelab.reconstruct` what uses torch.

photographs -> teacher -> renders -> views -> loop -> checkpoint
"""
