import Domain
import Encoding

extension CataloguedThreat {
  /// The edition of this catalogue: OWASP's Machine Learning Security Top Ten of 2023, and MITRE ATLAS of October 2026.
  static let edition = 1

  /// All threats: OWASP's ten, each with the techniques by which it comes, and the techniques that are none of the ten.
  static let all: [CataloguedThreat] = [
    inputManipulation, dataPoisoning, inversion, membership, theft, supplyChain, transferLearning, skewing,
    outputIntegrity, modelPoisoning, unsafeArtifacts, denial, costHarvesting, corruptModel,
  ]

  private static let inputManipulation = CataloguedThreat(
    "ML01", "Input Manipulation Attack",
    [
      ThreatTechnique(id: "AML.T0043", name: "Craft Adversarial Data"),
      ThreatTechnique(id: "AML.T0015", name: "Evade AI Model"),
    ], harms: .decisions, [.operational, .brand], needsReach: true,
    essential: [.keyRequired, .inputDetection, .tested],
    further: [.inputsChecked, .rate, .recorded, .owned],
    conditions: [.answers]
  ) { facts in
    facts.answers?.features == 0
      ? Applicability(applies: false, reason: "it reads no feature")
      : Applicability(applies: true, reason: "callers choose what it reads")
  }

  private static let dataPoisoning = CataloguedThreat(
    "ML02", "Data Poisoning Attack", [ThreatTechnique(id: "AML.T0020", name: "Training Data Poisoning")],
    harms: .decisions, [.operational, .brand], needsReach: false,
    essential: [.dataNamed, .tested], further: [.dataFresh, .compared, .approved])

  private static let inversion = CataloguedThreat(
    "ML03", "Model Inversion Attack", [ThreatTechnique(id: "AML.T0024.001", name: "Invert AI Model")],
    harms: .data, [.brand, .operational], needsReach: true,
    essential: [.keyRequired, .budget, .coarseAnswers], further: [.rate, .recorded, .keysEnd],
    conditions: [.dataClass], applicability: whereDataIsNotPublic)

  private static let membership = CataloguedThreat(
    "ML04", "Membership Inference Attack",
    [ThreatTechnique(id: "AML.T0024.000", name: "Infer Training Data Membership")],
    harms: .data, [.brand, .operational], needsReach: true,
    essential: [.keyRequired, .coarseAnswers], further: [.budget, .rate, .recorded, .keysEnd],
    conditions: [.dataClass], applicability: whereDataIsNotPublic)

  private static let theft = CataloguedThreat(
    "ML05", "Model Theft", [ThreatTechnique(id: "AML.T0024.002", name: "Extract AI Model")],
    harms: .model, [.strategic], needsReach: true,
    essential: [.keyRequired, .budget],
    further: [.rate, .coarseAnswers, .copyingWatched, .recorded, .keysEnd])

  private static let supplyChain = CataloguedThreat(
    "ML06", "AI Supply Chain Attacks",
    [ThreatTechnique(id: "AML.T0010", name: "AI Supply Chain Compromise")],
    harms: .decisions, [.operational, .strategic], needsReach: false,
    essential: [.inspected, .sealed, .billed], further: [.sealedByAuthor, .advised, .frameworksNamed])

  private static let transferLearning = CataloguedThreat(
    "ML07", "Transfer Learning Attack", [ThreatTechnique(id: "AML.T0018", name: "Manipulate AI Model")],
    harms: .decisions, [.operational, .brand], needsReach: false,
    essential: [.sealedByAuthor, .tested], further: [.dataNamed, .compared],
    conditions: [.framework]
  ) { facts in
    guard let framework = facts.framework else {
      return Applicability(applies: true, reason: "what it was trained with is not known")
    }
    return FrameworkFacts.fromScratch.contains(framework.name)
      ? Applicability(applies: false, reason: "models of \(framework.name) are trained from rows alone")
      : Applicability(applies: true, reason: "it may begin with weights of somebody else's")
  }

  private static let skewing = CataloguedThreat(
    "ML08", "Model Skewing", [ThreatTechnique(id: "AML.T0031", name: "Erode AI Model Integrity")],
    harms: .decisions, [.operational, .strategic], needsReach: true,
    essential: [.driftWatched, .compared], further: [.dataFresh, .formerVersion, .owned],
    conditions: [.replaced]
  ) { facts in
    switch facts.replaced {
    case nil: Applicability(applies: true, reason: "whether it was trained anew is not known")
    case .nothing?:
      Applicability(applies: false, reason: "it is the first: nothing that it answered came back to it")
    case .version?: Applicability(applies: true, reason: "it was trained anew while another was served")
    }
  }

  private static let outputIntegrity = CataloguedThreat(
    "ML09", "Output Integrity Attack", [], harms: .decisions, [.brand, .operational], needsReach: true,
    essential: [.encrypted], further: [.recorded, .confined])

  private static let modelPoisoning = CataloguedThreat(
    "ML10", "Model Poisoning", [ThreatTechnique(id: "AML.T0018", name: "Manipulate AI Model")],
    harms: .decisions, [.operational, .strategic], needsReach: false,
    essential: [.sealed, .confined], further: [.approved, .tested, .formerVersion])

  private static let unsafeArtifacts = CataloguedThreat(
    "AML.T0011.000", "Unsafe AI Artifacts",
    [ThreatTechnique(id: "AML.T0011.000", name: "Unsafe AI Artifacts")],
    harms: .host, [.operational], needsReach: false,
    essential: [.inspected, .lifted], further: [.confined], conditions: [.inspection]
  ) { facts in
    guard let format = facts.inspection?.format else {
      return Applicability(applies: true, reason: "of what format it is is not known")
    }
    return plainFormats.contains(format)
      ? Applicability(applies: false, reason: "\(format) holds no code")
      : Applicability(applies: true, reason: "\(format.excerpt(40)) can hold code")
  }

  private static let denial = CataloguedThreat(
    "AML.T0029", "Denial of AI Service", [ThreatTechnique(id: "AML.T0029", name: "Denial of AI Service")],
    harms: .service, [.operational], needsReach: true,
    essential: [.keyRequired, .rate, .concurrency], further: [.confined, .formerVersion])

  private static let costHarvesting = CataloguedThreat(
    "AML.T0034", "Cost Harvesting", [ThreatTechnique(id: "AML.T0034", name: "Cost Harvesting")],
    harms: .service, [.operational, .strategic], needsReach: true,
    essential: [.keyRequired, .budget], further: [.rate, .keysEnd, .recorded])

  private static let corruptModel = CataloguedThreat(
    "AML.T0076", "Corrupt AI Model", [ThreatTechnique(id: "AML.T0076", name: "Corrupt AI Model")],
    harms: .decisions, [.operational], needsReach: false,
    essential: [.inspected], further: [.lifted, .sealedByAuthor])

  private static let whereDataIsNotPublic: @Sendable (ThreatFacts) -> Applicability = { facts in
    switch facts.dataClass {
    case nil: Applicability(applies: true, reason: "how sensitive its data is is not known")
    case .public?: Applicability(applies: false, reason: "anyone may have the data that it was trained with")
    case let known?: Applicability(applies: true, reason: "its data is \(known.rawValue)")
    }
  }

  /// The formats in which there is no place for code, by the names that inspection has for them.
  private static let plainFormats: Set<String> = [
    "CatBoost", "LightGBM", "ONNX", "XGBoost", "npy", "safetensors",
  ]
}
