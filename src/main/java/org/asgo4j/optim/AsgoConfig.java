package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import org.asgo4j.linalg.ElementType;

/**
 * The hyper-parameters of {@link Asgo} (An et al., arXiv 2503.20762). Learning rate and weight decay belong to the
 * group.
 *
 * @param beta1 decay of the momentum, in [0, 1); 0 is no momentum
 * @param beta2 decay of the gram matrix, in [0, 1)
 * @param accumulation whether the gram matrix is a moving average or a sum
 * @param damping what replaces λ^(−1/2) of small eigenvalues
 * @param rootPrecision the precision of the gram matrix and its root: float32, or float64 for condition numbers above
 *     1e5
 * @param refreshInterval the root is computed every this many steps, the first included; 1 is every step, as published
 * @param side the preconditioned side
 * @param scaling the length of an update
 */
public record AsgoConfig(
        double beta1,
        double beta2,
        Accumulation accumulation,
        Damping damping,
        ElementType rootPrecision,
        int refreshInterval,
        PreconditionerSide side,
        UpdateScaling scaling) {

    /** The published learning rate η. */
    public static final float PUBLISHED_LEARNING_RATE = 0.01f;

    /** The published decoupled weight decay λ. */
    public static final float PUBLISHED_WEIGHT_DECAY = 0.1f;

    private static final double PUBLISHED_BETA1 = 0.9;
    private static final double PUBLISHED_BETA2 = 0.8;
    private static final double PUBLISHED_EPSILON = 1e-10;

    /** Checks the values. */
    public AsgoConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), got %s", beta2);
        require(accumulation != null, "accumulation must not be null");
        require(damping != null, "damping must not be null");
        require(rootPrecision != null, "rootPrecision must not be null");
        require(refreshInterval >= 1, "refreshInterval must be at least 1 step, got %s", refreshInterval);
        require(side != null, "side must not be null");
        require(scaling != null, "scaling must not be null");
    }

    /** The published defaults: β₁ 0.9, β₂ 0.8, ε 1e-10 added to V, a root every step, the smaller side, RMS 0.2. */
    public static AsgoConfig published() {
        return new AsgoConfig(
                PUBLISHED_BETA1,
                PUBLISHED_BETA2,
                Accumulation.EXPONENTIAL,
                Damping.absolute(PUBLISHED_EPSILON),
                ElementType.FLOAT32,
                1,
                PreconditionerSide.AUTO,
                UpdateScaling.RMS);
    }

    /**
     * The theory's Algorithm 1: V ← V + GGᵀ, W ← W − η(V^(1/2) + εI)⁻¹G; no momentum, no scaling, left side, float64
     * roots.
     *
     * @param epsilon ε, outside the root
     */
    public static AsgoConfig theory(double epsilon) {
        return new AsgoConfig(
                0,
                0,
                Accumulation.SUM,
                Damping.outsideRoot(epsilon),
                ElementType.FLOAT64,
                1,
                PreconditionerSide.LEFT,
                UpdateScaling.NONE);
    }

    /** This configuration with other decays. */
    public AsgoConfig withBetas(double newBeta1, double newBeta2) {
        return new AsgoConfig(
                newBeta1, newBeta2, accumulation, damping, rootPrecision, refreshInterval, side, scaling);
    }

    /** This configuration with another damping. */
    public AsgoConfig withDamping(Damping newDamping) {
        return new AsgoConfig(beta1, beta2, accumulation, newDamping, rootPrecision, refreshInterval, side, scaling);
    }

    /** This configuration with roots in another precision. */
    public AsgoConfig withRootPrecision(ElementType precision) {
        return new AsgoConfig(beta1, beta2, accumulation, damping, precision, refreshInterval, side, scaling);
    }

    /** This configuration with a root every {@code steps} steps. */
    public AsgoConfig withRefreshInterval(int steps) {
        return new AsgoConfig(beta1, beta2, accumulation, damping, rootPrecision, steps, side, scaling);
    }

    /** This configuration with another side. */
    public AsgoConfig withSide(PreconditionerSide newSide) {
        return new AsgoConfig(beta1, beta2, accumulation, damping, rootPrecision, refreshInterval, newSide, scaling);
    }

    /** This configuration with another update scaling. */
    public AsgoConfig withScaling(UpdateScaling newScaling) {
        return new AsgoConfig(beta1, beta2, accumulation, damping, rootPrecision, refreshInterval, side, newScaling);
    }
}
