import Artifacts

/// Where a class or function that a Keras configuration names comes from, and so what loading it would do.
enum KerasOrigin: Equatable {
  /// A layer, initializer, loss or the like that Keras itself saves.
  case known
  /// A function of Keras that reads files, loads models or changes settings: no model is made of it.
  case loader
  /// A module outside Keras that loading would import and call into.
  case injected
  /// A class or function that its author registered.
  case custom
}

extension KerasOrigin {
  /// Judges a class by its module and name; the module is nil where the configuration has none.
  static func ofClass(_ name: String, module: String?) -> KerasOrigin {
    guard let module, !module.isEmpty else { return ofName(name, isKnown: KerasNames.classes.contains(name)) }
    guard let area = KerasNames.area(of: module) else { return outside(module, name) }
    if name.contains(".") || name.hasPrefix("__") { return .loader }
    if KerasNames.classes.contains(name) { return .known }
    guard let first = name.drop(while: { $0 == "_" }).first, first.isUppercase else {
      return KerasNames.functionAreas.contains(area) && KerasNames.functions.contains(name) ? .known : .loader
    }
    return KerasNames.modelAreas.contains(area) ? .custom : .loader
  }

  /// Judges a function by its module and name.
  static func ofFunction(_ name: String, module: String?) -> KerasOrigin {
    guard let module, !module.isEmpty, module != "builtins" else {
      return ofName(name, isKnown: KerasNames.functions.contains(name))
    }
    guard let area = KerasNames.area(of: module) else { return outside(module, name) }
    if name.contains(".") || name.hasPrefix("__") { return .loader }
    if area == "ops" || area == "random" { return .known }
    if KerasNames.functionAreas.contains(area) {
      return KerasNames.functions.contains(name)
        ? .known : KerasNames.loaders.contains(name) ? .loader : .custom
    }
    return .loader
  }

  /// A name without a module: Keras looks among what is registered, and older versions among Python's builtins.
  private static func ofName(_ name: String, isKnown: Bool) -> KerasOrigin {
    if isKnown { return .known }
    if KerasNames.builtins.contains(name) || name.hasPrefix("__import") { return .injected }
    guard let point = name.lastIndex(of: "."), !name.contains(">") else { return .custom }
    return outside(String(name[..<point]), String(name[name.index(after: point)...]))
  }

  private static func outside(_ module: String, _ name: String) -> KerasOrigin {
    if let area = KerasNames.area(of: module) {
      return KerasNames.modelAreas.contains(area) || KerasNames.functionAreas.contains(area)
        ? .custom : .loader
    }
    // What TensorFlow saves of its own types; all else of it reads files or runs operations.
    if KerasNames.tensorFlowModules.contains(module) { return .custom }
    switch NameOrigin(PickleGlobal(module: module, name: name)) {
    case .standardLibrary, .inert, .reaching, .libraryFunction, .functionByValue, .externalFile:
      return .injected
    case .libraryClass, .estimator:
      return KerasNames.extensions.contains(package(of: module)) ? .custom : .injected
    case .own: return .custom
    }
  }

  private static func package(of module: String) -> String { String(module.prefix { $0 != "." }) }
}

/// The names that Keras 1 to 3 saves.
enum KerasNames {
  /// The part of Keras that a module belongs to, `layers` of `keras.src.layers.core.dense`; nil outside of Keras.
  static func area(of module: String) -> String? {
    var parts = module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let first = parts.first else { return nil }
    switch first {
    case "keras", "tf_keras", "keras_core": parts.removeFirst()
    case "tensorflow":
      guard let keras = parts.prefix(5).firstIndex(of: "keras") else { return nil }
      parts.removeFirst(keras + 1)
    default: return nil
    }
    return parts.first { !passed.contains($0) } ?? ""
  }

  private static let passed: Set<String> = [
    "src", "api", "_v2", "_tf_keras", "keras", "v2", "legacy", "python",
  ]

  /// The areas whose classes make up models; the empty one is `keras` itself.
  static let modelAreas: Set<String> = [
    "", "layers", "models", "initializers", "optimizers", "losses", "metrics", "regularizers", "constraints",
    "activations", "dtype_policies", "quantizers", "random", "trainers", "engine", "mixed_precision",
    "backend",
    "feature_column", "premade", "premade_models", "ops", "operations", "distribution", "saving_lib",
  ]

  /// The areas whose functions make up models.
  static let functionAreas: Set<String> = [
    "activations", "losses", "metrics", "initializers", "regularizers", "constraints", "ops", "random",
    "engine",
  ]

  /// Functions of those areas that turn a configuration into anything it names.
  static let loaders: Set<String> = [
    "deserialize", "get", "serialize", "deserialize_keras_object", "load_model", "load_weights",
    "clone_model",
    "model_from_json", "model_from_yaml", "model_from_config", "save_model",
  ]

  /// Modules of TensorFlow whose types a configuration describes.
  static let tensorFlowModules: Set<String> = [
    "tensorflow.python.framework.tensor_spec", "tensorflow.python.framework.tensor",
    "tensorflow.python.framework.sparse_tensor", "tensorflow.python.ops.ragged.ragged_tensor",
    "tensorflow.python.framework.dtypes", "tensorflow.python.framework.tensor_shape",
  ]

  /// Packages whose layers honest models hold.
  static let extensions: Set<String> = ["tensorflow", "transformers", "flax", "jax"]

  /// Functions of Python's `builtins` that do something, which Keras up to 3.8 finds by name alone.
  static let builtins: Set<String> = [
    "__build_class__", "__import__", "breakpoint", "classmethod", "compile", "copyright", "credits",
    "delattr",
    "dir", "eval", "exec", "execfile", "exit", "getattr", "globals", "hasattr", "help", "id", "input", "iter",
    "license", "locals", "memoryview", "next", "open", "print", "property", "quit", "setattr", "staticmethod",
    "super", "type", "vars",
  ]

  /// Functions that are named where an activation, loss, metric or initializer is asked for.
  static let functions = Set(
    """
    acc accuracy bce binary_accuracy binary_crossentropy binary_focal_crossentropy categorical_accuracy \
    categorical_crossentropy categorical_focal_crossentropy categorical_generalized_cross_entropy \
    categorical_hinge celu circle concordance_correlation constant cosine cosine_proximity cosine_similarity \
    ctc dice elu exponential gelu glorot_normal glorot_uniform glu hard_shrink hard_sigmoid hard_silu \
    hard_swish hard_tanh he_normal he_uniform hinge huber huber_loss identity kl_divergence kld \
    kullback_leibler_divergence l1 l1_l2 l2 leaky_relu lecun_normal lecun_uniform linear log_cosh log_sigmoid \
    log_softmax logcosh mae mape max_norm mean_absolute_error mean_absolute_percentage_error \
    mean_squared_error mean_squared_logarithmic_error min_max_norm mish mse msle non_neg normal one ones \
    orthogonal orthogonal_regularizer pearson_correlation poisson random_normal random_uniform relu relu6 \
    selu sigmoid silu soft_shrink softmax softmax_v2 softplus softsign sparse_categorical_accuracy \
    sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparse_top_k_categorical_accuracy sparsemax \
    squared_hinge squareplus stft swish tanh tanh_shrink threshold top_k_categorical_accuracy \
    truncated_normal tversky uniform unit_norm unitnorm variance_scaling zero zeros maxnorm nonneg
    """.split { $0 == " " || $0 == "\n" }.map(String.init))

  /// Classes of layers, models, initializers, losses, metrics, optimizers and what else Keras saves.
  static let classes = Set(
    """
    AUC AWQConfig AWQDTypePolicy AbsMaxQuantizer AbstractRNNCell Accuracy Activation ActivityRegularization \
    Adadelta Adafactor Adagrad Adam AdamW Adamax AdaptiveAveragePooling1D AdaptiveAveragePooling2D \
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add \
    AdditiveAttention AlphaDropout Attention AtrousConvolution1D AtrousConvolution2D AugMix AutoContrast \
    Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D \
    BatchNormalization BatchNormalizationV1 BatchNormalizationV2 Bidirectional BinaryAccuracy \
    BinaryCrossentropy BinaryFocalCrossentropy BinaryIoU CTC CategoricalAccuracy CategoricalCrossentropy \
    CategoricalEncoding CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge \
    CategoryEncoding CenterCrop Circle Concatenate ConcordanceCorrelation Constant Constraint \
    ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D \
    Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose Convolution2D \
    Convolution2DTranspose Convolution3D Convolution3DTranspose CosineDecay CosineDecayRestarts \
    CosineSimilarity Cropping1D Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix DTypePolicy DTypePolicyMap \
    Deconvolution2D Dense DenseFeatures DepthwiseConv1D DepthwiseConv2D Dice Discretization Dot Dropout ELU \
    EinsumDense Embedding Equalization ExponentialDecay F1Score FBetaScore FalseNegatives FalsePositives \
    FeatureSpace Flatten FlaxLayer Float8QuantizationConfig FloatDTypePolicy Ftrl Functional GPTQConfig \
    GPTQDTypePolicy GRU GRUCell GRUV2 GaussianDropout GaussianNoise GlobalAveragePooling1D \
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D \
    GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D \
    GlobalMaxPooling3D GlorotNormal GlorotUniform GlorotUniformV2 GroupNormalization GroupQueryAttention \
    HashedCrossing Hashing HeNormal HeUniform Hinge Huber Identity IdentityInitializer Initializer \
    InputLayer InputSpec Int4DTypePolicy Int4QuantizationConfig Int8DTypePolicy Int8QuantizationConfig \
    IntegerLookup InverseTimeDecay IoU JaxLayer KLDivergence KerasTensor L1 L1L2 L2 LSTM LSTMCell LSTMV2 Lamb \
    Layer LayerNormalization LeakyReLU LearningRateSchedule LecunNormal LecunUniform LinearModel Lion \
    LocallyConnected1D LocallyConnected2D LogCosh LogCoshError Loss LossScaleOptimizer MaskedConvolution \
    Masking MaxNorm MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D \
    MaxPooling3D MaxoutDense Maximum Mean MeanAbsoluteError MeanAbsolutePercentageError MeanIoU \
    MeanMetricWrapper MeanSquaredError MeanSquaredLogarithmicError MelSpectrogram Merge Metric MinMaxNorm \
    Minimum MixUp Model MultiHeadAttention MultiOptimizer Multiply Muon Nadam NonNeg Normalization \
    OneHotIoU OneHotMeanIoU Ones Optimizer OptimizerMap Orthogonal OrthogonalInitializer \
    OrthogonalRegularizer PReLU ParametricSoftplus PearsonCorrelation Permute PiecewiseConstantDecay \
    Pipeline Poisson Policy PolicyV1 PolynomialDecay Precision PrecisionAtRecall QuantizationConfig \
    QuantizedDTypePolicy QuantizedFloat8DTypePolicy Quantizer R2Score RMSNormalization RMSprop RNN \
    RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop \
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight \
    RandomHue RandomInvert RandomNormal RandomPerspective RandomPosterization RandomRotation \
    RandomSaturation RandomSharpness RandomShear RandomTranslation RandomUniform RandomWidth RandomZoom \
    ReLU Recall RecallAtPrecision Regularizer RepeatVector Rescaling Reshape Resizing ReversibleEmbedding \
    RootMeanSquaredError SGD STFT STFTInitializer STFTSpectrogram ScheduleFreeAdamW SeedGenerator \
    SensitivityAtSpecificity SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D \
    Sequential SimpleRNN SimpleRNNCell Softmax Solarization SparseCategoricalAccuracy \
    SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpatialDropout1D SpatialDropout2D \
    SpatialDropout3D SpecificityAtSensitivity SpectralNormalization SquaredHinge StackedRNNCells \
    StringLookup Subtract Sum SyncBatchNormalization TensorFlowOpLayer TextVectorization ThresholdedReLU \
    TimeDistributed TopKCategoricalAccuracy TrueNegatives TruePositives TruncatedNormal Tversky UnitNorm \
    UnitNormalization UpSampling1D UpSampling2D UpSampling3D Variable VarianceScaling WideDeepModel Wrapper \
    ZeroPadding1D ZeroPadding2D ZeroPadding3D Zeros
    """.split { $0 == " " || $0 == "\n" }.map(String.init))

  /// The forms in which Keras writes values, which are no classes.
  static let literals: Set<String> = [
    "__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__slice__", "__ellipsis__", "__tuple__",
    "TensorShape", "CompositeTensor",
  ]
}
