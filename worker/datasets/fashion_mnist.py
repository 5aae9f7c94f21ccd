"""Fashion-MNIST."""

from pathlib import Path

from worker import idx
from worker.data import Corpus, Samples
from worker.datasets import Dataset
from worker.published import Publication, Published
from worker.splits import checked, part

VALIDATION = 5_000
NAMES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")

PUBLICATION = Publication(
    url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    files=(
        Published(
            "train-images-idx3-ubyte", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
        ),
        Published(
            "train-labels-idx1-ubyte", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
        ),
        Published(
            "t10k-images-idx3-ubyte", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
        ),
        Published("t10k-labels-idx1-ubyte", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
    system=Path("/usr/share/datasets/fashion-mnist"),
    package="dataset-fashion-mnist",
)


class FashionMNIST(Dataset):
    """70,000 photographs of clothes in ten classes, 28 × 28 pixels in grey; a harder drop-in for MNIST.

    Inputs are [1, 28, 28], pixels from 0 to 255. The published test split of 10,000 is kept; a stratified 5,000 of
    the published 60,000 are drawn for validation with the run's seed.
    Files are taken from the data folder `datasets/fashion_mnist/`, else from Debian's package
    `dataset-fashion-mnist`, else downloaded (30 MB) and verified.
    """

    formula = "x ∈ {0 … 255}^(1×28×28), y ∈ {0 … 9}"
    reference = "Xiao, Rasul, Vollgraf: Fashion-MNIST (2017), arXiv:1708.07747"
    provides = ("classes", "real", "image", "image_28", "sequence")
    facts = {"train": 55_000, "validation": VALIDATION, "test": 10_000, "shape": [1, 28, 28], "outputs": 10}

    def load(self, folder: Path, seed: int) -> Corpus:
        paths = PUBLICATION.obtain(folder)
        images = idx.read(paths["train-images-idx3-ubyte"], (60_000, 28, 28))[:, None]
        targets = idx.read(paths["train-labels-idx1-ubyte"], (60_000,))
        test_images = idx.read(paths["t10k-images-idx3-ubyte"], (10_000, 28, 28))[:, None]
        test_targets = idx.read(paths["t10k-labels-idx1-ubyte"], (10_000,))
        train, validation = part(targets, (VALIDATION,), seed)
        published = Samples(images, targets)
        splits = (published.take(train), published.take(validation), Samples(test_images, test_targets))
        return checked(Corpus(*splits, "classification", 10, NAMES))
