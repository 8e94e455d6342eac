"""A classifier with the manners of scikit-learn, trained by flipping weights."""

from boldhw.classifier.estimator import BoldClassifier

__all__ = ["BoldClassifier"]
