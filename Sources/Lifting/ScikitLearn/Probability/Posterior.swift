import Domain
import ModelGraph

extension GraphBuilder {
  /// Probabilities of joint log-likelihoods: exp(x − logsumexp(x)), step by step as scikit-learn takes them.
  mutating func posterior(
    _ likelihoods: GraphValue, for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    let evidence = try apply(
      ReduceRows(.logSumExp), to: likelihoods, named: "evidence", for: estimator)
    let logarithms = try apply(
      Combine(.subtract), to: [likelihoods, evidence], named: "log_probabilities", for: estimator)
    return try apply(MapElements(.exp), to: logarithms, named: "probabilities", for: estimator)
  }
}
