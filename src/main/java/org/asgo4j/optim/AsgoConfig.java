// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.ElementType;

/**
 * The hyper-parameters of {@link Asgo} (An et al., arXiv 2503.20762). Learning rate and weight decay belong to the
 * group. Start from {@link #defaults}, {@link #published} or {@link #theory} and change what differs.
 *
 * {@snippet file="AsgoExamplesTest.java" region="config"}
 *
 * @param beta1 decay of the momentum, in [0, 1); 0 is no momentum
 * @param nesterov whether N = β₁M + (1−β₁)G is preconditioned instead of M
 * @param beta2 decay of the gram matrix, in [0, 1)
 * @param gramSource what the gram matrix gathers
 * @param accumulation whether the gram matrix is a moving average or a sum
 * @param root how its inverse square root is taken
 * @param refresh when
 * @param eigenvalueCorrection whether the eigenvalues of V are replaced by a second moment of the gradient's elements
 *     in V's eigenbasis Q (Adam's, on one side; SOAP, arXiv 2409.11321; EShampoo, arXiv 2506.03595): D ← β₂D +
 *     (1−β₂)(QG)², U = Qᵀ(QM/(√D + ε)) with ε = 1e-8·√tr V, whatever the damping. The state has one more m×n matrix
 * @param side the preconditioned side
 * @param sizeLimit what happens where that side is long
 * @param scaling the length of an update
 */
public record AsgoConfig(
        double beta1,
        boolean nesterov,
        double beta2,
        GramSource gramSource,
        Accumulation accumulation,
        Root root,
        Refresh refresh,
        boolean eigenvalueCorrection,
        PreconditionerSide side,
        SizeLimit sizeLimit,
        UpdateScaling scaling) {

    /** The published learning rate η. */
    public static final float PUBLISHED_LEARNING_RATE = 0.01f;

    /** The published decoupled weight decay λ. */
    public static final float PUBLISHED_WEIGHT_DECAY = 0.1f;

    private static final double PUBLISHED_BETA1 = 0.9;
    private static final double PUBLISHED_BETA2 = 0.8;
    private static final double PUBLISHED_EPSILON = 1e-10;

    /** Of 1e-3, 1e-4, 1e-6 and 1e-8 (in float64) the largest that cost no loss; see {@link #defaults}. */
    private static final double DEFAULT_DAMPING = 1e-6;

    /** Checks the values. */
    public AsgoConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), got %s", beta2);
        require(gramSource != null, "gramSource must not be null");
        require(accumulation != null, "accumulation must not be null");
        require(root != null, "root must not be null");
        require(refresh != null, "refresh must not be null");
        require(side != null, "side must not be null");
        require(sizeLimit != null, "sizeLimit must not be null");
        require(scaling != null, "scaling must not be null");
        require(!(refresh instanceof Refresh.Adaptive) || root.method().hasBasis(),
                "adaptive refresh needs a root with an eigenbasis (EIGEN or QR), got %s", root.method());
        require(!eigenvalueCorrection || root.method().hasBasis(),
                "eigenvalue correction needs a root with an eigenbasis (EIGEN or QR), got %s", root.method());
        require(!eigenvalueCorrection || root.precision() == ElementType.FLOAT32,
                "eigenvalue correction works in float32, got root precision %s", root.precision());
        require(!eigenvalueCorrection || accumulation == Accumulation.EXPONENTIAL,
                "eigenvalue correction takes a moving average, got accumulation %s", accumulation);
        require(!eigenvalueCorrection || !(refresh instanceof Refresh.Asynchronous),
                "eigenvalue correction follows the basis step by step; its refresh can't be asynchronous");
        require(sizeLimit.beyond() != SizeLimit.Beyond.DIAGONAL || accumulation == Accumulation.EXPONENTIAL,
                "size limit DIAGONAL takes a moving average, got accumulation %s; SPLIT takes both", accumulation);
    }

    /**
     * The defaults: Nesterov momentum, β₁ 0.9, V of the momentum alone (β₂ = 0), δ = 1e-6, at every step a root within
     * 20 % ({@link RootMethod#ZOLOTAREV}; exact ones trained no better and cost more), RMS 0.2. The update is then
     * close to the scaled polar factor of the momentum, which Muon's five iterations approximate at a higher cost. A
     * larger β₂ averages V over more steps, and was no better. Learning rate and weight decay are the published ones.
     * Of the configurations measured on a character-level GPT none ended lower by more than rounding moves a loss
     * (docs/measured.md).
     */
    public static AsgoConfig defaults() {
        return new AsgoConfig(
                PUBLISHED_BETA1,
                true,
                0,
                GramSource.MOMENTUM,
                Accumulation.EXPONENTIAL,
                new Root(RootMethod.ZOLOTAREV, ElementType.FLOAT32, Damping.relative(DEFAULT_DAMPING)),
                Refresh.every(1),
                false,
                PreconditionerSide.AUTO,
                SizeLimit.NONE,
                UpdateScaling.RMS);
    }

    /**
     * {@link #defaults()} with the root that suits a backend: on a GPU, where only products are fast,
     * {@link RootMethod#POLAR_EXPRESS}, which is nothing else.
     */
    public static AsgoConfig defaults(BackendName backend) {
        return backend == BackendName.CUDA ? defaults().withRootMethod(RootMethod.POLAR_EXPRESS) : defaults();
    }

    /** The published defaults: β₁ 0.9, β₂ 0.8, ε 1e-10 added to V, a root every step, the smaller side, RMS 0.2. */
    public static AsgoConfig published() {
        return new AsgoConfig(
                PUBLISHED_BETA1,
                false,
                PUBLISHED_BETA2,
                GramSource.GRADIENT,
                Accumulation.EXPONENTIAL,
                Root.eigen(Damping.absolute(PUBLISHED_EPSILON)),
                Refresh.every(1),
                false,
                PreconditionerSide.AUTO,
                SizeLimit.NONE,
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
                false,
                0,
                GramSource.GRADIENT,
                Accumulation.SUM,
                new Root(RootMethod.EIGEN, ElementType.FLOAT64, Damping.outsideRoot(epsilon)),
                Refresh.every(1),
                false,
                PreconditionerSide.LEFT,
                SizeLimit.NONE,
                UpdateScaling.NONE);
    }

    /** This configuration with other decays. */
    public AsgoConfig withBetas(double newBeta1, double newBeta2) {
        return new AsgoConfig(
                newBeta1, nesterov, newBeta2, gramSource, accumulation, root, refresh, eigenvalueCorrection, side,
                sizeLimit, scaling);
    }

    /** This configuration with another decay of the momentum. */
    public AsgoConfig withBeta1(double newBeta1) {
        return withBetas(newBeta1, beta2);
    }

    /** This configuration with another decay of the gram matrix. */
    public AsgoConfig withBeta2(double newBeta2) {
        return withBetas(beta1, newBeta2);
    }

    /** This configuration with or without Nesterov's look-ahead. */
    public AsgoConfig withNesterov(boolean on) {
        return new AsgoConfig(
                beta1, on, beta2, gramSource, accumulation, root, refresh, eigenvalueCorrection, side, sizeLimit,
                scaling);
    }

    /** This configuration with another source of the gram matrix. */
    public AsgoConfig withGramSource(GramSource source) {
        return new AsgoConfig(
                beta1, nesterov, beta2, source, accumulation, root, refresh, eigenvalueCorrection, side, sizeLimit,
                scaling);
    }

    /** This configuration with a gram matrix that gathers another way. */
    public AsgoConfig withAccumulation(Accumulation newAccumulation) {
        return new AsgoConfig(
                beta1, nesterov, beta2, gramSource, newAccumulation, root, refresh, eigenvalueCorrection, side,
                sizeLimit, scaling);
    }

    /** This configuration with another root. */
    public AsgoConfig withRoot(Root newRoot) {
        return new AsgoConfig(
                beta1, nesterov, beta2, gramSource, accumulation, newRoot, refresh, eigenvalueCorrection, side,
                sizeLimit, scaling);
    }

    /** This configuration with another root method. */
    public AsgoConfig withRootMethod(RootMethod method) {
        return withRoot(root.withMethod(method));
    }

    /** This configuration with another damping. */
    public AsgoConfig withDamping(Damping newDamping) {
        return withRoot(root.withDamping(newDamping));
    }

    /** This configuration with roots in another precision. */
    public AsgoConfig withRootPrecision(ElementType precision) {
        return withRoot(root.withPrecision(precision));
    }

    /** This configuration with another refresh policy. */
    public AsgoConfig withRefresh(Refresh policy) {
        return new AsgoConfig(
                beta1, nesterov, beta2, gramSource, accumulation, root, policy, eigenvalueCorrection, side,
                sizeLimit, scaling);
    }

    /** This configuration with a root every {@code steps} steps. */
    public AsgoConfig withRefreshInterval(int steps) {
        return withRefresh(Refresh.every(steps));
    }

    /** This configuration with or without eigenvalue correction. */
    public AsgoConfig withEigenvalueCorrection(boolean on) {
        return new AsgoConfig(
                beta1, nesterov, beta2, gramSource, accumulation, root, refresh, on, side, sizeLimit, scaling);
    }

    /** This configuration with another side. */
    public AsgoConfig withSide(PreconditionerSide newSide) {
        return new AsgoConfig(
                beta1, nesterov, beta2, gramSource, accumulation, root, refresh, eigenvalueCorrection, newSide,
                sizeLimit, scaling);
    }

    /** This configuration with another size limit. */
    public AsgoConfig withSizeLimit(SizeLimit limit) {
        return new AsgoConfig(
                beta1, nesterov, beta2, gramSource, accumulation, root, refresh, eigenvalueCorrection, side, limit,
                scaling);
    }

    /** This configuration with another update scaling. */
    public AsgoConfig withScaling(UpdateScaling newScaling) {
        return new AsgoConfig(
                beta1, nesterov, beta2, gramSource, accumulation, root, refresh, eigenvalueCorrection, side,
                sizeLimit, newScaling);
    }
}
