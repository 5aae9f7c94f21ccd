"""Fashion-MNIST."""

from pathlib import Path

from worker.contracts.families.datasets import PooledDataset
from worker.data import digit_images
from worker.data.pool import Reading
from worker.data.published import Publication
from worker.data.tensors import Corpus, Samples

NAMES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")

PUBLICATION = Publication(
    urls=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    files=digit_images.files(
        [
            (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ]
    ),
    system=Path("/usr/share/datasets/fashion-mnist"),
    package="dataset-fashion-mnist",
)


class FashionMNIST(PooledDataset):
    """70,000 photographs of clothes in ten classes, 28 × 28 pixels in grey; a harder drop-in for MNIST.

    Inputs are [1, 28, 28], pixels from 0 to 255. The published test split of 10,000 is kept; a stratified 5,000 of
    the published 60,000 are drawn for validation with the run's seed.
    Files are taken from the data folder `datasets/fashion_mnist/`, else from Debian's package
    `dataset-fashion-mnist`, else downloaded (30 MB) and verified.
    """

    formula = "x ∈ {0 … 255}^(1×28×28), y ∈ {0 … 9}"
    reference = "Xiao, Rasul, Vollgraf: Fashion-MNIST (2017), arXiv:1708.07747"
    provides = ("classes", "real", "image", "image_28", "sequence")
    facts = digit_images.FACTS

    def rows(self, folder: Path) -> Reading:
        return digit_images.rows(PUBLICATION, folder)

    def splits(self, whole: Samples, seed: int) -> Corpus:
        return digit_images.splits(whole, seed, NAMES)
