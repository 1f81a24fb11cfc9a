/// The operators of the ONNX standard, up to onnx 1.23.2, those of earlier versions included.
enum ONNXOperators {
  /// Whether a name is an operator of the domain `ai.onnx`, which is also the one without a name.
  static let standard = Set(names.split(separator: " ").map(String.init))
  /// Whether a name is an operator of the domain `ai.onnx.ml`.
  static let machineLearning = Set(machineLearningNames.split(separator: " ").map(String.init))

  /// The operators of ONNX Runtime's own domain that compute and do nothing else, and so need no code of anybody:
  /// what its optimisers and quantisers leave behind.
  ///
  /// Not among them: what reads files or loads libraries (`EPContext`, `Snpe`), and searches that call graphs.
  static let contributed = Set(contributedNames.split(separator: " ").map(String.init))

  private static let contributedNames = """
    Attention BiasAdd BiasGelu BiasSoftmax CDist ConvTransposeWithDynamicPads CropAndResize DequantizeLinear \
    DynamicQuantizeLSTM DynamicQuantizeMatMul EmbedLayerNormalization ExpandDims FastGelu FusedConv FusedGemm \
    FusedMatMul GatherBlockQuantized GatherND Gelu GemmFastGelu GroupNorm GroupQueryAttention Inverse \
    LongformerAttention MatMulInteger16 MatMulIntegerToFloat MatMulNBits MaxpoolWithMask MultiHeadAttention \
    MulInteger NGramRepeatBlock NhwcConv NhwcFusedConv NhwcMaxPool Pad QAttention QEmbedLayerNormalization QGemm \
    QLinearAdd QLinearAveragePool QLinearConcat QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul \
    QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuantizeLinear QuickGelu Range ReduceSumInteger \
    RotaryEmbedding SimplifiedLayerNormalization SkipGroupNorm SkipLayerNormalization \
    SkipSimplifiedLayerNormalization SparseToDenseMatMul Tokenizer TransposeMatMul Trilu Unique UnfoldTensor \
    WordConvEmbedding
    """

  private static let names = """
    Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool \
    BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor \
    BlackmanWindow Cast CastLike CausalConvWithState Ceil Celu CenterCropPad Clip Col2Im Compress Concat \
    ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum \
    DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal \
    Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool \
    GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow \
    HannWindow HardSigmoid HardSwish Hardmax Identity If ImageDecoder InstanceNormalization IsInf IsNaN \
    LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual LinearAttention Log LogSoftmax Loop \
    LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean \
    MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss \
    NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or PRelu Pad Pow \
    QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike \
    RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp \
    ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape \
    Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scan Scatter ScatterElements ScatterND \
    Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength \
    SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus \
    Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit \
    Sub Sum SwiGLU Swish Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile TopK Transpose \
    Trilu Unique Unsqueeze Upsample Where Xor
    """

  private static let machineLearningNames = """
    ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer \
    LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor \
    Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap
    """

  /// Whether a node draws random numbers, so that the same rows have other answers each time; whichever domain it is of,
  /// for ONNX Runtime has such operators of its own.
  static func drawsNumbers(_ node: ONNXNode) -> Bool {
    if drawing.contains(node.operation) { return true }
    // Since version 12 an input says whether it drops anything; what it holds may come with the rows.
    return droppingOut.contains(node.operation) && node.inputs.count > 2
      && node.inputs.dropFirst(2).contains { !$0.isEmpty }
  }

  private static let drawing: Set<String> = [
    "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
    "Sampling",
  ]
  private static let droppingOut: Set<String> = [
    "BiasDropout", "BitmaskBiasDropout", "BitmaskDropout", "Dropout",
  ]
}
