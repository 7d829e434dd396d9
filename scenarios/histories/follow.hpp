// Judges a history while it is loaded, so that reading can end where it is certain that the history
// is not linearizable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/check/online_judge.hpp"
#include "scenarios/histories/load.hpp"

namespace sibyl {

/// Of events (edn, jepsen-log) each is judged as it comes. Histories of whole operations (jsonl)
/// may be in any order, and are judged by the order of their stamps once they are loaded.
class HistoryFollower final : public HistoryListener {
 public:
  /// `model`: a name of models(). `options` as of OnlineJudge.
  HistoryFollower(const std::string& model, analysis::OnlineOptions options);

  bool on_event(analysis::FlatHistory& history, std::uint32_t op, bool is_end,
                std::size_t line) override;
  void on_end(analysis::FlatHistory& history, bool has_events) override;

  struct Certain {
    std::size_t line = 0;       ///< of the event; of jsonl: of its operation
    std::int64_t at = 0;        ///< its stamp
    std::size_t operation = 0;  ///< the line of its operation
    std::uint64_t event = 0;    ///< the how-manieth call or end it is, from 1
    bool failed = false;        ///< the operation failed, and had been seen
  };
  const std::optional<Certain>& certain() const { return certain_; }
  /// Operations that show it, as OnlineJudge::proof(); empty without a violation.
  const analysis::FlatHistory& proof() const { return proof_; }
  /// Of an operation of the proof, its place in the history.
  std::size_t place_of(std::size_t in_proof) const { return proof_places_[in_proof]; }
  /// Whether an operation of the proof was open at the violation.
  bool was_open(std::size_t in_proof) const {
    return proof_.operations[in_proof].ret == analysis::FlatOperation::kNever;
  }
  /// The witness of a judgement of the proof as one of the history: with its places and its times.
  /// What was open at the violation has the member `open_then`, and `later`, {outcome, at}, where
  /// the history tells how it ended.
  Value in_history(const analysis::FlatHistory& history, Value witness) const;
  /// Why nothing can be said, as the end of a sentence; empty: something can.
  const std::string& undecided() const { return undecided_; }

 private:
  void begin(analysis::FlatHistory& history);
  void follow(analysis::FlatHistory& history);
  void look(const analysis::FlatHistory& history);

  const analysis::Model* model_;
  analysis::OnlineOptions options_;
  std::unique_ptr<analysis::OnlineJudge> judge_;
  std::vector<std::uint32_t> lines_;  ///< of the events
  /// The judge's operations as places in the history, where these differ.
  std::vector<std::uint32_t> places_;
  std::optional<Certain> certain_;
  analysis::FlatHistory proof_;
  std::vector<std::uint32_t> proof_places_;  ///< of its operations, in the history
  std::string undecided_;
};

}  // namespace sibyl
