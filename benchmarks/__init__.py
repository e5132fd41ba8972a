"""Speed and recall, each figure beside a rival or a physical limit from the same run."""
