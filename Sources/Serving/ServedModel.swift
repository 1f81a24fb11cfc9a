public import Domain
public import Inference
import ModelGraph
import Monitoring

/// One version of a model, verified, decoded and planned: all that a request needs of it.
///
/// Immutable. A request holds on to the one it started with, so that a swap cannot change an answer midway;
/// the memory of an old version goes with its last request.
public final class ServedModel: Sendable {
  /// Which version of which model it is.
  public let reference: VersionReference
  /// The digest of its bundle.
  public let bundle: Digest
  /// The hint of the key that sealed it; empty where it came from no bundle.
  let sealedBy: String
  /// The digests of the files that it was loaded from, by their paths: what a seal must be over to be a seal of it.
  let files: [String: Digest]
  /// What it was lifted from, `scikit-learn 1.9.1`.
  public let framework: String
  /// What it was asked since it was loaded.
  let statistics: ModelStatistics
  /// How its requests were answered since it was loaded.
  let metrics: RequestMetrics
  /// What it said in the shadow of others since it was loaded.
  let shadowed: ShadowCounts
  /// Requests that it answered, where their rows may be kept.
  let reservoir: Reservoir
  /// Whether it answers right while it serves.
  let probe: ModelProbe
  /// The rows of its bundle's check.
  let checkRows: [Rows]
  /// Whether its requests are answered several at once.
  let batchGain: BatchGain
  /// What is watched of its rows and answers.
  let watch: ModelWatch
  /// What predicts.
  public let plan: ExecutionPlan
  /// Where the features of its rows go, by their order and by their names.
  let layout: RowLayout
  /// The tensors that a caller of the Open Inference Protocol sends.
  let inputs: [ModelSignature.Port]
  /// Which of them is called what.
  let inputPlaces: [String: Int]
  /// What is answered where a request names no outputs, and the methods that give it.
  let outputs: [InferOutput]
  let methods: [PredictionMethod]
  /// What the tensors are called that the model does not read, and that may come along.
  let ignoredInputs: Set<String>

  init(
    reference: VersionReference, bundle: Digest, sealedBy: String = "", files: [String: Digest] = [:],
    framework: String, graph: ValidatedGraph, engine: (any InferenceEngine)? = nil,
    checkedBy check: SelfCheck? = nil, training: Reference? = nil, trainingProblem: Problem? = nil
  ) throws(Problem) {
    self.reservoir = Reservoir()
    self.sealedBy = sealedBy
    self.files = files
    self.statistics = ModelStatistics()
    self.metrics = RequestMetrics()
    self.shadowed = ShadowCounts()
    self.reference = reference
    self.bundle = bundle
    self.framework = framework
    self.plan = try ExecutionPlan(graph, engine: engine)
    self.probe = ModelProbe(check)
    self.checkRows = check?.rows(for: plan) ?? []
    let signature = graph.signature
    self.watch = ModelWatch(
      reference, bundle: bundle, signature, reference: training, problem: trainingProblem)
    self.layout = RowLayout(signature)
    // A library's sums may depend on what else it is asked about.
    self.batchGain = BatchGain(isPossible: !plan.usesEngine)
    let inputs = signature.inputs
    self.inputs = inputs
    // Of two tensors of one name the first is meant: the second can then never be sent, and rows are refused.
    self.inputPlaces = Dictionary(
      zip(inputs.map(\.name), inputs.indices), uniquingKeysWith: { first, _ in first })
    self.outputs = signature.outputs.flatMap { InferOutput.all(of: $0, isBinary: false) }
    self.methods = signature.methods
    self.ignoredInputs = Set(signature.features.ignored.map(signature.inputName(of:)))
  }

  /// The same model, known to be sealed by another key as well: it goes on counting where it was.
  init(_ model: ServedModel, sealedBy: String) {
    self.sealedBy = sealedBy
    reference = model.reference
    bundle = model.bundle
    files = model.files
    framework = model.framework
    statistics = model.statistics
    metrics = model.metrics
    shadowed = model.shadowed
    reservoir = model.reservoir
    probe = model.probe
    checkRows = model.checkRows
    batchGain = model.batchGain
    watch = model.watch
    plan = model.plan
    layout = model.layout
    inputs = model.inputs
    inputPlaces = model.inputPlaces
    outputs = model.outputs
    methods = model.methods
    ignoredInputs = model.ignoredInputs
  }

  var signature: ModelSignature { plan.signature }
}
