"""MNIST."""

from pathlib import Path

from worker.contracts.families.datasets import PooledDataset
from worker.data import digit_images
from worker.data.pool import Reading
from worker.data.published import Publication
from worker.data.tensors import Corpus, Samples

PUBLICATION = Publication(
    urls=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    files=digit_images.files(
        [
            (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ]
    ),
)


class MNIST(PooledDataset):
    """70,000 handwritten digits, 28 × 28 pixels in grey; most published compression results use it.

    Inputs are [1, 28, 28], pixels from 0 to 255. The published test split of 10,000 is kept; a stratified 5,000 of
    the published 60,000 are drawn for validation with the run's seed.
    Files are taken from the data folder `datasets/mnist/` under their published names, gzipped or not, else
    downloaded (12 MB) and verified.
    """

    formula = "x ∈ {0 … 255}^(1×28×28), y ∈ {0 … 9}"
    reference = (
        "LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition (1998), "
        "doi:10.1109/5.726791"
    )
    provides = ("classes", "real", "image", "image_28", "sequence")
    facts = digit_images.FACTS

    def rows(self, folder: Path) -> Reading:
        return digit_images.rows(PUBLICATION, folder)

    def splits(self, whole: Samples, seed: int) -> Corpus:
        return digit_images.splits(whole, seed, tuple("0123456789"))
