package org.asgo4j.linalg;

/** The side from which a square matrix multiplies another. */
public enum Side {
    /** C ← A·B. */
    LEFT,
    /** C ← B·A. */
    RIGHT
}
