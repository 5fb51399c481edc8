# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a PyTorch module to the text of a ``tapml`` graph. Private; ``tapml.capture`` is the way in.

``program``   calls torch.export and brings the graph into the form that the rest expects
``structure`` names the leaves of nested inputs and outputs, and the symbols of dynamic sizes
``importer``  walks the FX graph; ``convert`` has one converter per ATen operator
``builder``   operations, values, symbolic sizes; ``mlir`` how all this is written down
``weights``   which tensors go into the weights file, and under which name
``outputs``   what the source gave for every sample
``instances`` the name of every operator in the model, and its line in the user's code
"""
