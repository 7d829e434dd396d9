// The sequential specifications there are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// Multi-object commands on a map from keys to values; see objects.cpp for what each step means.
const Model& objects_model();

/// Read, write and compare-and-set on one register a key; unset is null.
const Model& register_model();

/// Get, put and append of strings by key; an absent key reads "".
const Model& kv_model();

/// Acquire and release of a lock a key.
const Model& mutex_model();

/// Enqueue and dequeue, first in, first out, a queue a key.
const Model& queue_model();

/// Add, remove, contains and read of a set a key.
const Model& set_model();

/// Accounts by key: open, deposit, withdraw, transfer, balance, total.
const Model& bank_model();

/// All of them, in the order in which they are listed.
const std::vector<const Model*>& models();

/// The model of that name, or null.
const Model* find_model(std::string_view name);

/// The first model whose vocabulary all the operations are of, or null.
const Model* model_for(const History& history);

}  // namespace sibyl::analysis
